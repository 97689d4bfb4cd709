import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@fontsource-variable/ibm-plex-sans';
import '../../react/styles.css';
import '../styles/base.css';
import '../styles/bar.css';
import '../styles/entrance.css';
import '../styles/tools.css';
import '../styles/ops.css';
import '../styles/plots.css';
import '../styles/sessions.css';
import { applyTheme, rememberedTheme } from '../arena/theme.ts';
import { FaultScreen } from '../tools/fault-screen.tsx';
import { Operator } from './operator.tsx';
import { rememberPass } from './pass.ts';

applyTheme(rememberedTheme());
createRoot(document.getElementById('page') as HTMLElement).render(
  <StrictMode>
    <FaultScreen onReset={() => rememberPass(undefined)}>
      <Operator />
    </FaultScreen>
  </StrictMode>,
);
